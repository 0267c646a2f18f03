"""Ways to gather what an answer rests on, each one small class behind one Protocol."""
