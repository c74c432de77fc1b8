// Package page is what browsers load: the terminal that `ssh lab@host` shows,
// with the stages beside it. It is plain modules of JavaScript, without a
// framework and without a build; what it has from others is in vendor, put
// there by scripts/vendor-page.
//
// The page is the same for everybody and knows nobody: who is signed in, and
// what they see, it asks the server, whose part of the talk package web keeps.
// So its files may be cached as the server likes, and carry no nonce.
//
// Of a 401 of GET api/me it reads, besides the detail, the members sshLogin (lab
// where there is none) and sshPort (22 where there is none), of which it makes
// the command that signs in.
package page

import "embed"

// Files is the page: index.html, and all that it loads.
//
//go:embed index.html icon.svg style.css *.js
//go:embed vendor/*.mjs vendor/*.css vendor/licenses
var Files embed.FS

// Policy is the Content-Security-Policy under which the page works, and with
// which it is to be served. Styles need no exception: strictstyles.js has
// xterm.js set them by script.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Protocol is the subprotocol of the page's WebSocket.
const Protocol = "lectern.v1"
