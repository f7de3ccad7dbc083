package accounts

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

const (
	shortestPassword = 10
	longestPassword  = 200
)

// Argon2id at the second recommended setting of RFC 9106: 64 MiB, three passes, four lanes.
const (
	argonTime    = 3
	argonMemory  = 64 * 1024
	argonThreads = 4
	argonKey     = 32
	argonSalt    = 16
)

// ErrPassword refuses a password that is too short or too long.
var ErrPassword = fmt.Errorf("a password has %d to %d characters", shortestPassword, longestPassword)

var errHash = errors.New("stored password hash cannot be read")

// HashPassword returns the Argon2id hash of a password in the PHC string form, with its own salt.
func HashPassword(password string) (string, error) {
	if n := utf8.RuneCountInString(password); n < shortestPassword || n > longestPassword {
		return "", ErrPassword
	}
	salt := chance(argonSalt)
	return phc(salt, argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)), nil
}

// nobodysHash is a hash of no password, which takes as long to verify as any.
func nobodysHash() string { return phc(chance(argonSalt), chance(argonKey)) }

func chance(length int) []byte {
	bytes := make([]byte, length)
	rand.Read(bytes) // never fails: crypto/rand aborts the program instead
	return bytes
}

func phc(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// VerifyPassword reports whether the password is the one that was hashed; an unreadable hash is an error.
func VerifyPassword(password, hash string) (bool, error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errHash
	}
	var version, memory, passes int
	var lanes uint8
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &lanes); err != nil {
		return false, errHash
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || len(key) == 0 || version != argon2.Version {
		return false, errHash
	}
	again := argon2.IDKey([]byte(password), salt, uint32(passes), uint32(memory), lanes, uint32(len(key)))
	return subtle.ConstantTimeCompare(key, again) == 1, nil
}
