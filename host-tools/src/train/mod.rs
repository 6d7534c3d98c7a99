//! Heads trained on features: standardisation, multi-layer perceptron, logistic regression, choice between them.
