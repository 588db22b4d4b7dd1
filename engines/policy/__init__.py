"""`policy`: the LLM. A prompt in, words and sentences out as they come."""
