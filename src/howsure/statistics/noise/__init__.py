"""Where the variance comes from: questions, answers, clusters."""
