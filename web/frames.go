package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"lectern/web/api"
	"lectern/web/page"
)

// The messages of the WebSocket. Binary ones are bytes of the terminal, both
// ways; text ones are JSON.

// subprotocol is the one of the page, which acknowledges what it has drawn.
// Clients that name none are those of the system before.
const subprotocol = page.Protocol

// messageType says what a text message of the page asks for.
type messageType string

const (
	messageResize messageType = "resize"
	messageAck    messageType = "ack"
	messagePing   messageType = "ping"
	messageInput  messageType = "input"
)

// message is a text message of the page.
type message struct {
	Type       messageType `json:"type"`
	Cols, Rows int         // of a resize
	Bytes      int64       // of an ack: all that were drawn since the socket was opened
	Data       string      // of an input: what was typed
}

var errUnknownMessage = errors.New("the message is of an unknown type: send resize, ack, ping or input")

func parseMessage(data []byte) (message, error) {
	var m message
	if !utf8.Valid(data) {
		return m, errors.New("a text message is no UTF-8")
	}
	var syntax *json.SyntaxError
	switch err := json.Unmarshal(data, &m); {
	case errors.As(err, &syntax):
		return m, errors.New("a text message is no JSON")
	case err != nil:
		return m, errors.New("a text message is no JSON of the form that docs/api.md describes")
	}
	switch m.Type {
	case messageResize:
		if m.Cols < 1 || m.Rows < 1 || m.Cols > mostCells || m.Rows > mostCells {
			return m, fmt.Errorf("a terminal has 1 to %d columns and rows", mostCells)
		}
	case messageAck, messagePing, messageInput:
	default:
		return m, errUnknownMessage
	}
	return m, nil
}

// mostCells of a line or a column can be meant seriously; the gateway cuts more
// than it can use.
const mostCells = 2000

// pong answers a ping.
var pong = api.News{Type: "pong"}
