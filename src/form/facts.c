/*
 * facts: what docket needs to know of a form's content.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"

#include "facts.h"

void
facts_free(struct facts *f)
{
	free(f->client);
	free(f->label);
	free(f->fields);
	free(f->apis);
	*f = (struct facts)FACTS_INIT;
}

void
facts_copy(struct facts *to, const struct facts *from)
{
	*to = *from;
	to->client = mem_str(from->client);
	to->label = mem_str(from->label);
	to->fields = mem_str(from->fields);
	to->apis = mem_str(from->apis);
}

/* Up to one of `ends'; *at moves behind it. */
static const char *
part(const char **at, const char *ends, int *len)
{
	const char *start = *at;
	size_t n = strcspn(start, ends);

	*len = (int)n;
	*at = start + n + (start[n] != '\0');
	return start;
}

int
facts_next(const char **at, struct field *f)
{
	const char *path, *label;
	int path_len, label_len;

	if (*at == NULL || **at == '\0')
		return 0;
	path = part(at, "\t\n", &path_len);
	label = part(at, "\t\n", &label_len);
	f->value = part(at, "\n", &f->value_len);
	if (path_len == 0 && label_len == 0)
		return 1;
	f->path = path;
	f->path_len = path_len;
	f->label = label;
	f->label_len = label_len;
	return 1;
}

char *
facts_value(const struct facts *facts, const char *path)
{
	const char *at = facts->fields;
	struct field f = FIELD_INIT;

	while (facts_next(&at, &f))
		if ((size_t)f.path_len == strlen(path) &&
		    memcmp(f.path, path, strlen(path)) == 0)
			return mem_strn(f.value, (size_t)f.value_len);
	return NULL;
}

int
overlap_parse(const char *text, int64_t *seconds)
{
	static const int64_t most = 90 * 86400;
	char digits[OVERLAP_TEXT];
	size_t n = strlen(text);
	int64_t unit;
	uint64_t v;

	if (strcmp(text, "0") == 0) {
		*seconds = 0;
		return 0;
	}
	if (n < 2 || n >= sizeof(digits) || text[0] == '0')
		return -1;
	unit = text[n - 1] == 'd' ? 86400 : text[n - 1] == 'h' ? 3600 : 0;
	snprintf(digits, sizeof(digits), "%.*s", (int)n - 1, text);
	if (unit == 0 || !text_number(digits, (uint64_t)(most / unit), &v))
		return -1;
	*seconds = (int64_t)v * unit;
	return 0;
}
