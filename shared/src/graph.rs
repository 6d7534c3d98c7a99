//! Recognises the parts of a parsed model: front end, int8 body, statistics, head.
