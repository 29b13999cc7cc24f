package template

import (
	"math/big"
	"net/netip"
	"strconv"
)

// maxBlocks is the highest count of Fn::Cidr.
const maxBlocks = 256

// cidr evaluates Fn::Cidr: count blocks of addresses, cut from the start of one;
// each has as many bits free as the third argument says.
func (s *Scope) cidr(arg any) (any, error) {
	wrong := func() (any, error) {
		return nil, invalid("Template error: Fn::Cidr requires a block of addresses, a count from 1 to %d of blocks that fit into it, and the number of bits of each", maxBlocks)
	}
	list, _ := arg.([]any)
	if len(list) != 2 && len(list) != 3 {
		return wrong()
	}
	texts := make([]string, len(list))
	for i, v := range list {
		var err error
		if texts[i], err = s.text("Fn::Cidr", v); err != nil {
			return nil, err
		}
	}
	block, err := netip.ParsePrefix(texts[0])
	if err != nil {
		return wrong()
	}
	width := block.Addr().BitLen()
	count, err := strconv.Atoi(texts[1])
	if err != nil || count < 1 || count > maxBlocks {
		return wrong()
	}
	free := width - block.Bits()
	if len(texts) == 3 {
		if free, err = strconv.Atoi(texts[2]); err != nil || free < 1 || free > width-block.Bits() {
			return wrong()
		}
	}
	room := new(big.Int).Lsh(big.NewInt(1), uint(width-block.Bits()-free))
	if room.Cmp(big.NewInt(int64(count))) < 0 {
		return wrong()
	}
	at := new(big.Int).SetBytes(block.Masked().Addr().AsSlice())
	step := new(big.Int).Lsh(big.NewInt(1), uint(free))
	blocks := make([]any, count)
	for i := range blocks {
		address, _ := netip.AddrFromSlice(at.FillBytes(make([]byte, width/8)))
		blocks[i] = netip.PrefixFrom(address, width-free).String()
		at.Add(at, step)
	}
	return blocks, nil
}
