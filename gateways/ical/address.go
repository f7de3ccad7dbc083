package ical

import (
	"net/netip"
	"strings"
)

// notPublic are the special ranges of the IANA registries that are no private networks but lead nowhere public either. Of IPv6
// only 2000::/3 is public at all; what carries an IPv4 address inside of it is left out, because that address is not checked.
var notPublic = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

var (
	publicIPv6 = netip.MustParsePrefix("2000::/3")
	sharedIPv4 = netip.MustParsePrefix("100.64.0.0/10")
)

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

// isPublic reports whether an address is one of the Internet, not of this machine, its neighbours or its provider.
func isPublic(address netip.Addr) bool {
	address = address.Unmap()
	if !address.IsGlobalUnicast() || address.IsPrivate() || (address.Is6() && !publicIPv6.Contains(address)) {
		return false
	}
	for _, prefix := range notPublic {
		if prefix.Contains(address) {
			return false
		}
	}
	return true
}

// isPublicOrPrivate also lets this machine and private networks through; never link-local addresses, where clouds keep
// credentials.
func isPublicOrPrivate(address netip.Addr) bool {
	address = address.Unmap()
	return isPublic(address) || address.IsLoopback() || address.IsPrivate() || sharedIPv4.Contains(address)
}

// isLocalName reports whether a name can only mean this machine or its network: one without a dot, or of a domain that RFC 6761,
// RFC 6762, RFC 8375 and ICANN keep for that. Others show where they lead when they are looked up.
func isLocalName(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	last := name[strings.LastIndex(name, ".")+1:]
	switch {
	case last == name, last == "localhost", last == "local", last == "internal", strings.HasSuffix(name, ".home.arpa"):
		return true
	}
	// A last label of a number makes an old spelling of an IPv4 address, and never a name.
	return strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x")
}
