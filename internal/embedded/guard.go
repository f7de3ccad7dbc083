package embedded

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// guardian runs a server until its own standard input ends, then stops the server and removes the scratch folder.
const guardian = `scratch=$1 stop=$2; shift 2
"$@" </dev/null & child=$!
trap '' INT TERM
while read -r _; do :; done
kill -s "$stop" "$child" 2>/dev/null
wait "$child"
rm -rf "$scratch"`

// StartGuarded starts a server for tests that ends, and takes the scratch folder with it, when the returned pipe is closed: by Close
// or by the end of this process, however it ends. A test process cannot say which of its tests is the last.
func (c Command) StartGuarded(scratch string) (io.Closer, error) {
	log, err := os.Create(filepath.Join(scratch, c.Name+".log"))
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w", c.Name, err)
	}
	defer log.Close()
	stop := "TERM"
	if c.Stop == syscall.SIGINT {
		stop = "INT"
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", guardian, "guardian", scratch, stop, c.Path}, c.Args...)...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = c.Env, c.Dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.account != nil {
		cmd.SysProcAttr.Credential = c.account.credential()
		if err := os.Chown(scratch, int(c.account.uid), int(c.account.gid)); err != nil {
			return nil, fmt.Errorf("give the scratch folder to %s: %w", c.account.name, err)
		}
	}
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("pipe of %s: %w", c.Name, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	return input, nil
}
