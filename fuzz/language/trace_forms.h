// Forms of traces whose lines are calls with the addresses of their blocks.
#ifndef LANGUAGE_TRACE_FORMS_H
#define LANGUAGE_TRACE_FORMS_H

#include "language/events.h"

/// Calls that have begun and not ended, of one trace. Starts as zeros.
#define TRACE_BEGUN 64U
struct trace_begun {
    struct event calls[TRACE_BEGUN]; ///< EVENT_NONE: the place is free.
};

/// Reads a line, without blanks at its start. Stores EVENT_NONE where it tells of no call. Returns
/// a sentence iff the line is malformed, otherwise NULL.
typedef const char *trace_form(const char *line, struct trace_begun *begun, struct event *event);

/// Returns the form of a trace that begins with this line. Returns NULL for any other.
trace_form *trace_form_of(const char *line);

#endif
