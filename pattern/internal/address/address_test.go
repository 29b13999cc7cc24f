package address

import "testing"

func TestAddressesAreReadAsJavaReadsThem(t *testing.T) {
	for _, c := range []struct {
		a, b string // two spellings of one address
	}{
		{"10.0.0.1", "010.000.0.1"},
		{"2001:db8::1", "2001:DB8:0:0:0:0:0:1"},
		{"::ffff:a00:1", "10.0.0.1"},
		{"::", "0:0:0:0:0:0:0:0"},
		{"1::", "1:0:0:0:0:0:0:0"},
	} {
		a, ok := Parse(c.a)
		b, ok2 := Parse([]byte(c.b))
		if !ok || !ok2 || a != b {
			t.Errorf("%s and %s: %v %v, %v %v", c.a, c.b, a, ok, b, ok2)
		}
	}
	for _, s := range []string{"", ":", "1", "10.0.0", "10.0.0.256", "10.0.0.1.2", "10..0.1", "a.b.c.d", "::1::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "1:", ":1", "::ffff:10.0.0.1", "g::"} {
		if ip, ok := Parse(s); ok {
			t.Errorf("%q is %v", s, ip)
		}
	}
}

func TestBlocksHoldTheAddressesThatShareTheirFirstBits(t *testing.T) {
	for _, c := range []struct {
		block, ip string
		want      bool
	}{
		{"10.0.0.33/8", "10.255.0.1", true},
		{"10.0.0.0/8", "11.0.0.0", false},
		{"10.0.0.0/31", "10.0.0.1", true},
		{"0.0.0.0/0", "255.1.2.3", true},
		{"0.0.0.0/0", "::1", false},
		{"10.0.0.0/8", "a50::1", false},
		{"2001:db8::/32", "2001:db8:ffff::1", true},
		{"2001:db8::/33", "2001:db8:ffff::1", false},
	} {
		block, err := ParseBlock(c.block)
		ip, ok := Parse(c.ip)
		if err != nil || !ok || block.Contains(ip) != c.want {
			t.Errorf("%s in %s: %v, %v, %v", c.ip, c.block, block.Contains(ip), ok, err)
		}
	}
	for _, c := range []struct{ block, want string }{
		{"10.0.0.0", "Malformed CIDR, one '/' required"},
		{"10.0.0.0/x", "Malformed CIDR, mask bits must be an integer"},
		{"10.0.0.0/-1", "Malformed CIDR, mask bits must not be negative"},
		{"10.0.0.0/32", "IPv4 mask bits must be < 32"},
		{"::/128", "IPv6 mask bits must be < 128"},
		{"10.0.0.256/8", "Invalid IP address: 10.0.0.256"},
		{"host/8", "Nonstandard IP address: host"},
	} {
		if _, err := ParseBlock(c.block); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", c.block, err)
		}
	}
}
