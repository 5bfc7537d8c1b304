/*
 * parcel: a file that was taken out of inbox.
 */
#include <stdlib.h>
#include <string.h>

#include "fs.h"

#include "parcel.h"

void
parcel_free(struct parcel *p)
{
	if (p == NULL)
		return;
	free(p->box);
	free(p->name);
	free(p->claim);
	buf_free(&p->file);
	buf_free(&p->form);
	faults_free(&p->faults);
	free(p);
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
