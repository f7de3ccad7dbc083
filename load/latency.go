package load

import (
	"math"
	"math/bits"
	"time"
)

const (
	// exactBelow microseconds have a bucket each; above, every power of two has half as many, so that a bucket is at most 1.6 % wide.
	exactBelow   = 128
	exactBits    = 7
	perPower     = exactBelow / 2
	powers       = 30 // Up to 2^37 µs, a day and a half; what is longer falls into the last bucket.
	bucketsCount = exactBelow + powers*perPower
)

// Latency is a histogram of durations in fixed buckets: small, mergeable, and true for the tail. The zero value is empty.
type Latency struct {
	buckets []int64
	count   int64
	longest time.Duration
}

// Add counts one duration.
func (l *Latency) Add(d time.Duration) {
	if l.buckets == nil {
		l.buckets = make([]int64, bucketsCount)
	}
	l.buckets[bucketOf(d)]++
	l.count++
	l.longest = max(l.longest, d)
}

// Merge adds what another one has counted.
func (l *Latency) Merge(other *Latency) {
	if other.count == 0 {
		return
	}
	if l.buckets == nil {
		l.buckets = make([]int64, bucketsCount)
	}
	for n, count := range other.buckets {
		l.buckets[n] += count
	}
	l.count += other.count
	l.longest = max(l.longest, other.longest)
}

// Count is how many durations were added.
func (l *Latency) Count() int64 { return l.count }

// Max is the longest duration, exactly.
func (l *Latency) Max() time.Duration { return l.longest }

// Quantile returns the duration that a share q of all do not exceed, 1.6 % too long at most; 0 when there is none.
func (l *Latency) Quantile(q float64) time.Duration {
	rank := max(int64(math.Ceil(q*float64(l.count))), 1)
	seen := int64(0)
	for n, count := range l.buckets {
		if seen += count; seen >= rank {
			return min(upperEnd(n), l.longest)
		}
	}
	return l.longest
}

func bucketOf(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 0))
	if us < exactBelow {
		return int(us)
	}
	power := bits.Len64(us) - exactBits
	return min(exactBelow+(power-1)*perPower+int(us>>power)-perPower, bucketsCount-1)
}

// upperEnd is the longest duration that falls into a bucket.
func upperEnd(bucket int) time.Duration {
	if bucket < exactBelow {
		return time.Duration(bucket+1)*time.Microsecond - 1
	}
	power := (bucket-exactBelow)/perPower + 1
	step := (bucket-exactBelow)%perPower + perPower
	return time.Duration(uint64(step+1)<<power)*time.Microsecond - 1
}
