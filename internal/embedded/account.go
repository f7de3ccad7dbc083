package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// account is the unprivileged user Postgres runs as when we are root, which it refuses.
type account struct {
	name     string
	uid, gid uint32
}

func (a *account) credential() *syscall.Credential {
	return &syscall.Credential{Uid: a.uid, Gid: a.gid, Groups: []uint32{a.gid}}
}

// unprivileged returns nil when we are not root.
func unprivileged() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(found.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(found.Gid, 10, 32)
		if errUID == nil && errGID == nil && uid != 0 {
			return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
		}
	}
	return nil, fmt.Errorf("postgres refuses to run as root, and this machine has neither a user postgres nor nobody")
}

// reaches tells whether the account may walk into folder: every existing parent must let it through. Parents that do not exist yet
// will be made by us and will.
func (a *account) reaches(folder string) bool {
	for ; ; folder = filepath.Dir(folder) {
		if info, err := os.Stat(folder); err == nil && !a.mayEnter(info) {
			return false
		}
		if folder == filepath.Dir(folder) {
			return true
		}
	}
}

func (a *account) mayEnter(info os.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	mode := info.Mode().Perm()
	switch {
	case owner.Uid == a.uid:
		return mode&0o100 != 0
	case owner.Gid == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

// clusterFolder says where the cluster of this home lives: below it, unless the account cannot get there (a home of root's own).
func clusterFolder(home string, as *account) (folder string, moved bool) {
	folder = filepath.Join(home, "postgres")
	if as == nil || as.reaches(home) {
		return folder, false
	}
	digest := sha256.Sum256([]byte(home))
	name := hex.EncodeToString(digest[:8])
	if !strings.HasPrefix(home, os.TempDir()+string(filepath.Separator)) {
		shared := filepath.Join("/var/lib", "cabanas")
		if err := os.MkdirAll(shared, 0o755); err == nil && as.reaches(shared) {
			return filepath.Join(shared, name), true
		}
	}
	return filepath.Join(os.TempDir(), "cabanas-"+name), true
}
