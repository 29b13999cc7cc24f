package delivery

import "context"

type probe struct{}

func (*probe) Deliver(context.Context, []Request) []Result { return nil }
func (*probe) MaxBatch() int                               { return 1 }
