package understanding

import "testing"

func BenchmarkTraining(b *testing.B) {
	s := schooling()
	for b.Loop() {
		train(s.intents, s.lessons())
	}
}
