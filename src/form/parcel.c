/*
 * parcel: a file that was taken out of inbox.
 */
#include <stdlib.h>
#include <string.h>

#include "fs.h"
#include "text.h"

#include "limit.h"
#include "parcel.h"

bool
parcel_box_valid(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= LIMIT_BOX && name[0] != '.' && strspn(name,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789._-") == n && !text_ends(name, ".xml") &&
	    !text_ends(name, ".gz") && !text_ends(name, ".sent");
}

bool
parcel_box_reserved(const char *name)
{
	static const char *const reserved[] = { "forms", "gateway",
	    "reviewers", "strays" };
	size_t i;

	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(name, reserved[i]) == 0)
			return true;
	return false;
}

void
parcel_free(struct parcel *p)
{
	if (p == NULL)
		return;
	parcel_free(p->with);
	free(p->box);
	free(p->name);
	free(p->claim);
	buf_free(&p->file);
	buf_free(&p->form);
	faults_free(&p->faults);
	free(p);
}

void
parcel_unload(struct parcel *p)
{
	buf_free(&p->file);
	buf_free(&p->form);
	if (p->with != NULL)
		parcel_unload(p->with);
}

const struct buf *
parcel_form(const struct parcel *p)
{
	return p->form.len > 0 ? &p->form : &p->file;
}

char *
parcel_source(const struct parcel *p)
{
	struct buf b = BUF_INIT;
	char name[NAME_SIZE];

	fs_short_name(name, p->name, PARCEL_NAME);
	buf_putf(&b, "%s%s%s", p->box, *p->box == '\0' ? "" : "/", name);
	return buf_take(&b);
}
