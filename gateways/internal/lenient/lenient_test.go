package lenient

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadTakesObjectsOnly(t *testing.T) {
	t.Parallel()
	object, ok := Read([]byte(` {"a":1,"b":{"c":"d"}} `))
	require.True(t, ok)
	require.Equal(t, "1", object.Text("a"))
	member, ok := object.Object("b")
	require.True(t, ok)
	require.Equal(t, "d", member.Text("c"))
	for _, raw := range []string{``, `null`, `[]`, `"{}"`, `7`, `{"a":1`, `{"a":}`, "{\"a\":1}\x00"} {
		object, ok := Read([]byte(raw))
		require.False(t, ok, raw)
		require.Nil(t, object, raw)
	}
}

func TestTheNilObjectIsEmpty(t *testing.T) {
	t.Parallel()
	object, ok := Object(nil).Object("a")
	require.False(t, ok)
	require.Nil(t, object)
	require.Empty(t, object.Text("a"))
	require.False(t, object.Flag("a"))
	items, ok := object.Array("a")
	require.True(t, ok)
	require.Empty(t, items)
	_, ok = object.Integer("a")
	require.False(t, ok)
	_, ok = object.Decimal("a")
	require.False(t, ok)
}

func TestText(t *testing.T) {
	t.Parallel()
	for literal, want := range map[string]string{
		`"Hola"`: "Hola", `"Hola\u0000 Ana"`: "Hola Ana", `"ñ"`: "ñ", `""`: "", `7`: "7", `1.50`: "1.50", `1E3`: "1E3", `-0`: "-0",
		`12345678901234567890123`: "12345678901234567890123", `null`: "", `true`: "", `[]`: "", `{}`: "",
	} {
		object, ok := Read([]byte(`{"a": ` + literal + ` }`))
		require.True(t, ok, literal)
		require.Equal(t, want, object.Text("a"), literal)
	}
	require.Empty(t, Object{"a": []byte(`"cut short`)}.Text("a"))
}

func TestFlag(t *testing.T) {
	t.Parallel()
	for literal, want := range map[string]bool{`true`: true, `false`: false, `null`: false, `"true"`: false, `1`: false, `{}`: false} {
		require.Equal(t, want, Object{"a": []byte(literal)}.Flag("a"), literal)
	}
}

func TestArray(t *testing.T) {
	t.Parallel()
	for literal, want := range map[string]struct {
		items int
		ok    bool
	}{
		`[1,"x",{}]`: {3, true}, `[]`: {0, true}, `null`: {0, true}, ``: {0, true}, `{}`: {0, false}, `"x"`: {0, false}, `7`: {0, false},
	} {
		items, ok := Object{"a": []byte(literal)}.Array("a")
		require.Equal(t, want.ok, ok, literal)
		require.Len(t, items, want.items, literal)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		integer   int
		isInteger bool
		decimal   float64
		isDecimal bool
	}{
		`7`: {7, true, 7, true}, `"7"`: {7, true, 7, true}, `-7`: {-7, true, -7, true}, `0`: {0, true, 0, true},
		`1.5`: {0, false, 1.5, true}, `"-1.5"`: {0, false, -1.5, true}, `"Inf"`: {0, false, math.Inf(1), true},
		`"x"`: {}, `""`: {}, `null`: {}, `true`: {}, `[1]`: {},
	}
	for literal, want := range tests {
		object := Object{"a": []byte(literal)}
		integer, ok := object.Integer("a")
		require.Equal(t, want.isInteger, ok, literal)
		if ok {
			require.Equal(t, want.integer, integer, literal)
		}
		decimal, ok := object.Decimal("a")
		require.Equal(t, want.isDecimal, ok, literal)
		if ok {
			require.InDelta(t, want.decimal, decimal, 0, literal)
		}
	}
}
