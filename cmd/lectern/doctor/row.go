package doctor

// Group is what a row is about.
type Group string

// The groups, in the order in which they are shown.
const (
	Configuration Group = "configuration"
	Gateway       Group = "gateway"
	Cluster       Group = "cluster"
	Sandboxes     Group = "sandboxes"
	Network       Group = "network"
	Model         Group = "model"
)

var groups = []Group{Configuration, Gateway, Cluster, Sandboxes, Network, Model}

// State is how a thing was found.
type State string

const (
	Good State = "good"
	Bad  State = "bad"
	// Skipped is what does not apply here, or could not be looked at.
	Skipped State = "skipped"
)

// Finding is what a check has found, in one line each.
type Finding struct {
	State State  `json:"state"`
	Text  string `json:"finding"`
	// Mend is what to do, where State is Bad.
	Mend string `json:"mend,omitempty"`
}

// Row is a finding in its place.
type Row struct {
	Group Group  `json:"group"`
	Name  string `json:"name"`
	Finding
}

func good(text string) Finding { return Finding{State: Good, Text: text} }

func skipped(text string) Finding { return Finding{State: Skipped, Text: text} }

func bad(text, mend string) Finding { return Finding{State: Bad, Text: text, Mend: mend} }
