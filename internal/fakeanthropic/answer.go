package fakeanthropic

import "strings"

// answer is a message of the model.
type answer struct {
	ID           string   `json:"id"`
	Type         string   `json:"type"`
	Role         string   `json:"role"`
	Model        string   `json:"model"`
	Content      []object `json:"content"`
	StopReason   *string  `json:"stop_reason"`
	StopSequence *string  `json:"stop_sequence"`
	Usage        Usage    `json:"usage"`
}

// object is one in JSON.
type object = map[string]any

// signature stands for the one by which the API knows its thoughts again.
const signature = "ZmFrZQ=="

// compose writes the answer of a step.
func compose(model string, step Step) *answer {
	reason := "end_turn"
	a := &answer{ID: newID("msg_"), Type: "message", Role: "assistant", Model: model, Content: []object{}, StopReason: &reason, Usage: step.Usage}
	if step.Thought != "" {
		a.Content = append(a.Content, object{"type": "thinking", "thinking": step.Thought, "signature": signature})
	}
	if len(step.Text) > 0 {
		a.Content = append(a.Content, object{"type": "text", "text": strings.Join(step.Text, "")})
	}
	if step.Tool != nil {
		a.Content = append(a.Content, object{"type": "tool_use", "id": newID("toolu_"), "name": step.Tool.Name, "input": step.Tool.Input})
		reason = "tool_use"
	}
	return a
}
