package streams

import "github.com/signalbox/signalbox/wire"

// Needs says what a caller must be allowed for a request (service authorization
// reference, page list_amazondynamodb).
func Needs(in any, r *wire.Request) []wire.Permission {
	switch in := in.(type) {
	case *ListStreamsInput:
		table := "*"
		if in.TableName != nil {
			table = *in.TableName
		}
		return []wire.Permission{{Resource: wire.Scope{Account: r.Account, Region: r.Region}.ARN("dynamodb", "table/"+table+"/stream/*")}}
	case *DescribeStreamInput:
		return []wire.Permission{{Resource: wire.Value(in.StreamArn)}}
	case *GetShardIteratorInput:
		return []wire.Permission{{Resource: wire.Value(in.StreamArn)}}
	case *GetRecordsInput:
		it, err := parseIterator(wire.Value(in.ShardIterator))
		if err != nil {
			return []wire.Permission{} // the operation will say so
		}
		return []wire.Permission{{Resource: it.stream}}
	}
	return nil
}
