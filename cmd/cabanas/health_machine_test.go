package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheMachineTellsWhatItHas(t *testing.T) {
	t.Parallel()
	_, disk, err := diskState(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `^(\d+ % free|size not known)$`, disk)
	_, memory, err := memoryState(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `^\d+ MB(, no limit| of \d+ MB)$`, memory)
}

func TestTheLimitOfAContainerIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint64{"268435456\n": 256 * megabyte, "max\n": 0, "": 0, "0\n": 0, "-1\n": 0} {
		file := filepath.Join(t.TempDir(), "memory.max")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		limit, limited := memoryLimit(file)
		require.Equal(t, want, limit, text)
		require.Equal(t, want > 0, limited, text)
	}
	_, limited := memoryLimit(filepath.Join(t.TempDir(), "none"))
	require.False(t, limited)
}
