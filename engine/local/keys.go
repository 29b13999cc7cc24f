package local

import (
	"encoding/binary"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local/internal/store"
)

func recordKey(id uint32, key string) []byte {
	return append(store.AppendID(make([]byte, 0, 5+len(key)), store.RoomRecords, id), key...)
}

const entryKeyLen = 13

func entryKey(b []byte, id uint32, p engine.Position) []byte {
	return binary.BigEndian.AppendUint64(store.AppendID(b, store.RoomLogs, id), uint64(p))
}

func boundsKey(id uint32) []byte { return store.AppendID(nil, store.RoomBounds, id) }
