package proxy

import "bytes"

// summaryWords are how Claude Code asks for a summary of a conversation that has
// become long, or after /compact, whose argument is the learner's. It does so
// with all its tools, and wants the learner's own messages listed in it: a marker
// that one has typed would come back in the model's words. The version of Claude
// Code is pinned, and sandbox/local asks the real one in a test.
var summaryWords = []byte("Your task is to create a detailed summary of ")

// asksSummary tells whether a request is such. A learner who writes these words
// to the tutor only loses by it: nothing in that conversation counts.
func asksSummary(body []byte) bool { return bytes.Contains(body, summaryWords) }
