"""Forms that items take outside: texts and HTML now; iCalendar and vCard when they are needed."""
