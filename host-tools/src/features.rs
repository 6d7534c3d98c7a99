//! Every window of a data set as one row of features, computed by the chain that the device runs.
