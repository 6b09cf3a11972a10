"""Problems: a loss over parameters and a minibatch, one a file, each written once for both frameworks."""
