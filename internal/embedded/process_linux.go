package embedded

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// startTied starts cmd so that the kernel sends it stop when this process dies.
//
// The kernel means the thread that forked, not the process, so all children are forked by one thread that lives as long as we do.
func startTied(cmd *exec.Cmd, stop syscall.Signal) error {
	cmd.SysProcAttr.Pdeathsig = stop
	forker.once.Do(func() {
		forker.requests = make(chan func())
		go func() {
			runtime.LockOSThread()
			for request := range forker.requests {
				request()
			}
		}()
	})
	result := make(chan error, 1)
	forker.requests <- func() { result <- cmd.Start() }
	return <-result
}

var forker struct {
	once     sync.Once
	requests chan func()
}

// CommandLine returns the command line of a process, arguments separated by spaces, or "" when it is gone.
func CommandLine(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(strings.TrimRight(string(raw), "\x00"), "\x00", " ")
}
