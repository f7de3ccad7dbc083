//go:build unix && !linux

package embedded

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// startTied starts cmd; elsewhere than on Linux a child outlives a killed parent and is cleaned up by the next start.
func startTied(cmd *exec.Cmd, _ syscall.Signal) error { return cmd.Start() }

// CommandLine returns the command line of a process, arguments separated by spaces, or "" when it is gone.
func CommandLine(pid int) string {
	out, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
