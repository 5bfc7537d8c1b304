/*
 * facts: what docket needs to know of a form's content.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"

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
	if (*at == NULL || **at == '\0')
		return 0;
	f->path = part(at, "\t\n", &f->path_len);
	f->label = part(at, "\t\n", &f->label_len);
	f->value = part(at, "\n", &f->value_len);
	return 1;
}

char *
facts_value(const struct facts *facts, const char *path)
{
	const char *at = facts->fields;
	struct field f;

	while (facts_next(&at, &f))
		if ((size_t)f.path_len == strlen(path) &&
		    memcmp(f.path, path, strlen(path)) == 0)
			return mem_strn(f.value, (size_t)f.value_len);
	return NULL;
}
