package delivery

// Pacer is written by its engineer.
type Pacer struct{}
