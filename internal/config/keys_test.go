package config_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/internal/config"
)

func encoded(key []byte) string { return base64.StdEncoding.EncodeToString(key) }

func counter() []byte {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	return key
}

func TestPayloadKeys(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(complete(map[string]string{"PAYLOAD_KEYS": "new:" + randomKey + ", old:" + encoded(counter())}))
	require.NoError(t, err)
	require.Len(t, cfg.PayloadKeys, 2)
	require.Equal(t, "new", cfg.PayloadKeys[0].ID, "the first one encrypts")
	require.Equal(t, randomKey, encoded([]byte(cfg.PayloadKeys[0].Key.Reveal())))
	require.Equal(t, string(counter()), cfg.PayloadKeys[1].Key.Reveal())

	for _, wrong := range []string{
		"x", "id:", ":" + randomKey, "a b:" + randomKey, "a:" + encoded(counter()[:31]), "a:" + encoded(append(counter(), 1)), "a:%%%", ",",
		"a:" + randomKey + ",a:" + randomKey,
	} {
		_, err := config.Load(complete(map[string]string{"PAYLOAD_KEYS": wrong}))
		require.Equal(t, []string{"PAYLOAD_KEYS"}, variablesOf(err), wrong)
		require.NotContains(t, err.Error(), randomKey)
	}
}

func TestProductionNeedsKeysMadeByChance(t *testing.T) {
	t.Parallel()
	for what, key := range map[string]string{
		"none": "", "zeros": "a:" + encoded(make([]byte, 32)), "counter": "a:" + encoded(counter()),
		"passphrase": "a:" + encoded([]byte(strong)[:32]), "pattern": "a:" + encoded(bytes.Repeat([]byte{7, 200, 13, 99}, 8)),
		"weak second": "a:" + randomKey + ",b:" + encoded(make([]byte, 32)),
	} {
		_, err := config.Load(complete(map[string]string{"ENVIRONMENT": "production", "PAYLOAD_KEYS": key}))
		require.Equal(t, []string{"PAYLOAD_KEYS"}, variablesOf(err), what)
	}
	_, err := config.Load(complete(map[string]string{"ENVIRONMENT": "staging", "PAYLOAD_KEYS": ""}))
	require.NoError(t, err, "only production insists")
	env := func(name string) string {
		return map[string]string{"ENVIRONMENT": "production", "DATABASE_URL": "postgres://db/cabanas"}[name]
	}
	_, err = config.LoadOnly(env, "DATABASE_URL")
	require.NoError(t, err, "a command without Temporal needs no keys")
	_, err = config.LoadOnly(env, "DATABASE_URL", "PAYLOAD_KEYS")
	require.Equal(t, []string{"PAYLOAD_KEYS"}, variablesOf(err))
}

func TestCodecOriginIsExact(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(complete(map[string]string{"CODEC_UI_ORIGIN": "https://Temporal.cabins.ar/"}))
	require.NoError(t, err)
	require.Equal(t, config.Codec{Address: "127.0.0.1:8081", UIOrigin: "https://temporal.cabins.ar"}, cfg.Codec)
	for _, wrong := range []string{"*", "temporal.cabins.ar", "https://temporal.cabins.ar/path", "https://a.ar,https://b.ar/x"} {
		_, err := config.Load(complete(map[string]string{"CODEC_UI_ORIGIN": wrong}))
		require.Equal(t, []string{"CODEC_UI_ORIGIN"}, variablesOf(err), wrong)
	}
	_, err = config.Load(complete(map[string]string{"ENVIRONMENT": "production", "CODEC_UI_ORIGIN": "http://temporal.cabins.ar"}))
	require.Equal(t, []string{"CODEC_UI_ORIGIN"}, variablesOf(err))
}
