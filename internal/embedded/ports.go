package embedded

import (
	"fmt"
	"net"
	"strconv"
)

// FreePort returns the first loopback port at or after start on which nobody listens; 0 lets the kernel choose.
func FreePort(start int) (int, error) {
	for port := start; port < start+200 && port <= 65535; port++ {
		listener, err := net.Listen("tcp", loopback(port))
		if err != nil {
			continue
		}
		defer listener.Close()
		return listener.Addr().(*net.TCPAddr).Port, nil
	}
	return 0, fmt.Errorf("no free port from %d on", start)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
