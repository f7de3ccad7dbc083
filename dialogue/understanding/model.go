package understanding

import (
	"math"
	"slices"
)

// classifier is a linear model with one weight per feature and class, trained by stochastic gradient descent on the cross
// entropy. Training goes through the examples in a fixed order, so the same examples always make the same classifier.
type classifier struct {
	classes  []Intent
	features map[uint64]int32
	weights  []float32 // of feature f and class c at f*len(classes)+c
}

// feature is one thing that is to be seen in a message, by the hash of its name, and how much it counts.
type feature struct {
	name  uint64
	value float32
}

// nameOf hashes the parts of the name of a feature (FNV-1a); with some ten thousand names no two are the same.
func nameOf(parts ...string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	hash := uint64(offset)
	for _, part := range parts {
		for i := range len(part) {
			hash = (hash ^ uint64(part[i])) * prime
		}
	}
	return hash
}

// lesson is one example: the features of a message and the class it belongs to.
type lesson struct {
	features []feature
	class    int
}

// input is a feature that the classifier knows, by number.
type input struct {
	number int32
	value  float32
}

const (
	rounds       = 3
	firstStep    = 0.6
	gain         = 4    // length of the vector of features of every message
	negligible   = 0.01 // a gradient below it is not worth a step
	seed         = 42
	multiplier   = 6364136223846793005 // Knuth's linear congruential generator
	incrementing = 1442695040888963407
)

// train learns the classes from the lessons.
func train(classes []Intent, lessons []lesson) *classifier {
	m := &classifier{classes: classes, features: make(map[uint64]int32, 1<<16)}
	inputs := make([][]input, len(lessons))
	for i, l := range lessons {
		inputs[i] = m.inputsOf(l.features, true)
	}
	m.weights = make([]float32, len(m.features)*len(classes))
	order := dice(seed)
	scores := make([]float32, len(classes))
	turns := make([]int, len(lessons))
	for i := range turns {
		turns[i] = i
	}
	for round := range rounds {
		step := float32(firstStep / (1 + 0.5*float64(round)))
		for i := range turns {
			k := i + order.below(len(turns)-i)
			turns[i], turns[k] = turns[k], turns[i]
			m.learn(inputs[turns[i]], lessons[turns[i]].class, step, scores)
		}
	}
	return m
}

// inputsOf are the features that the classifier knows, each once, scaled so that long and short messages weigh the same; new
// ones are added when growing.
func (m *classifier) inputsOf(features []feature, growing bool) []input {
	known := make([]input, 0, len(features))
	for _, f := range features {
		number, found := m.features[f.name]
		if !found && growing {
			number, found = int32(len(m.features)), true
			m.features[f.name] = number
		}
		if found {
			known = append(known, input{number, f.value})
		}
	}
	slices.SortFunc(known, func(a, b input) int { return int(a.number - b.number) })
	known = slices.CompactFunc(known, func(a, b input) bool { return a.number == b.number })
	squares := float32(0)
	for _, in := range known {
		squares += in.value * in.value
	}
	scale := gain / float32(math.Sqrt(float64(max(squares, 1))))
	for i := range known {
		known[i].value *= scale
	}
	return known
}

func (m *classifier) learn(inputs []input, class int, step float32, scores []float32) {
	m.score(inputs, scores)
	softmax(scores)
	for c := range scores {
		gradient := scores[c]
		if c == class {
			gradient--
		}
		if gradient < negligible && gradient > -negligible {
			continue
		}
		for _, in := range inputs {
			m.weights[int(in.number)*len(scores)+c] -= step * gradient * in.value
		}
	}
}

// score adds up the weights of the inputs for every class into scores.
func (m *classifier) score(inputs []input, scores []float32) {
	clear(scores)
	for _, in := range inputs {
		row := m.weights[int(in.number)*len(scores) : (int(in.number)+1)*len(scores)]
		for c, w := range row {
			scores[c] += w * in.value
		}
	}
}

func softmax(scores []float32) {
	top := scores[0]
	for _, s := range scores {
		top = max(top, s)
	}
	sum := float32(0)
	for c, s := range scores {
		scores[c] = float32(math.Exp(float64(s - top)))
		sum += scores[c]
	}
	for c := range scores {
		scores[c] /= sum
	}
}

// shares returns the probability of each class; features that were never seen are passed over.
func (m *classifier) shares(features []feature) []float32 {
	scores := make([]float32, len(m.classes))
	m.score(m.inputsOf(features, false), scores)
	softmax(scores)
	return scores
}

// dice are pseudo-random numbers that are the same in every run.
type dice uint64

func (d *dice) below(n int) int {
	*d = *d*multiplier + incrementing
	return int((uint64(*d) >> 33) % uint64(n))
}
