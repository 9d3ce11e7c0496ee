//! What asks for the second factor beside signing in, who may take it away, and superusers who must have one.
