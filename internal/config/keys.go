package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const payloadKeySize = 32

var keyIDForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// payloadKeys reads "id:base64,id:base64".
func payloadKeys(into *[]PayloadKey, value string) error {
	var keys []PayloadKey
	for _, part := range split(value) {
		id, encoded, found := strings.Cut(part, ":")
		if !found || !keyIDForm.MatchString(id) {
			return errors.New("must be id:base64 with an id of letters, digits, dots, hyphens and underscores")
		}
		if slices.ContainsFunc(keys, func(k PayloadKey) bool { return k.ID == id }) {
			return fmt.Errorf("names the key %s twice", id)
		}
		key, err := decodeBase64(encoded)
		if err != nil || len(key) != payloadKeySize {
			return fmt.Errorf("key %s is not the base64 of 32 bytes (openssl rand -base64 32)", id)
		}
		keys = append(keys, PayloadKey{ID: id, Key: NewSecret(string(key))})
	}
	if len(keys) == 0 {
		return errors.New("lists no key")
	}
	*into = keys
	return nil
}

// decodeBase64 takes either alphabet, with and without padding.
func decodeBase64(text string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "=")))
}

// fewestBytes is how many different bytes 32 random ones have at the least, but for once in many millions of years.
const fewestBytes = 20

// guessableKeys refuses keys that nobody made by chance: passphrases, patterns and counters.
func guessableKeys(c Config) string {
	for _, key := range c.PayloadKeys {
		bytes := []byte(key.Key.Reveal())
		different, steps := map[byte]bool{}, map[byte]bool{}
		printable := true
		for i, b := range bytes {
			different[b] = true
			steps[b-bytes[max(i-1, 0)]] = true
			printable = printable && b >= ' ' && b <= '~'
		}
		if printable || len(different) < fewestBytes || len(steps) < fewestBytes/2 {
			return "key " + key.ID + " was not made by chance, which production refuses (openssl rand -base64 32)"
		}
	}
	return ""
}

func refuseClearOrigin(c Config) string {
	if strings.HasPrefix(c.Codec.UIOrigin, "http://") {
		return "must begin with https:// in production"
	}
	return ""
}
