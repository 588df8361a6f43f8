/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a configuration: made with its defaults, filled from a text, checked, freed; and the
 * list of what was wrong. Files are config_load.c's.
 */
#include "config.h"

#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "broker/config_parse.h"

void *
parse_alloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		err(1, "configuration");
	return (p);
}

/* "FILE:LINE: ", or "FILE: " where there is no line. */
void
parse_error(struct parse *p, struct config_mark at, const char *fmt, ...)
{
	struct config_errors *e = p->errors;
	const char *file = at.file < p->cfg->nfiles ? p->cfg->files[at.file] : "configuration";
	char line[16] = "", text[CONFIG_ERROR_SIZE];
	va_list ap;

	if (e->n++ >= CONFIG_ERRORS_MAX)
		return;
	if (at.line != 0)
		snprintf(line, sizeof(line), ":%u", at.line);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* The end may be cut off when the file's name is very long; the text says what is wrong. */
	(void)!snprintf(e->text[e->n - 1], CONFIG_ERROR_SIZE, "%.200s%s: %.290s", file, line, text);
}

/* More than can be said: the rest of a hopeless file is not worth the time. */
bool
parse_is_hopeless(const struct parse *p)
{
	return (p->errors->n > CONFIG_ERRORS_MAX);
}

void
config_errors_print(FILE *f, const struct config_errors *e)
{
	for (unsigned i = 0; i < e->n && i < CONFIG_ERRORS_MAX; i++)
		fprintf(f, "%s\n", e->text[i]);
	if (e->n > CONFIG_ERRORS_MAX)
		fputs("and more\n", f);
}

int
config_add_file(struct config *cfg, const char *name)
{
	char escaped[CONFIG_ERROR_SIZE];

	if (cfg->nfiles == CONFIG_FILES_MAX)
		return (-1);
	text_escape(name, escaped, sizeof(escaped));
	if ((cfg->files[cfg->nfiles] = strdup(escaped)) == NULL)
		err(1, "configuration");
	return ((int)cfg->nfiles++);
}

struct config *
config_new(struct parse *p)
{
	struct config *cfg = parse_alloc(1, sizeof(*cfg));

	cfg->files = parse_alloc(CONFIG_FILES_MAX, sizeof(*cfg->files));
	cfg->cpus = cpus_usable();
	p->cfg = cfg;
	section_defaults(p, SEC_SERVICE, &cfg->service);
	section_defaults(p, SEC_DISCOVERY, &cfg->discovery);
	section_defaults(p, SEC_TRANSPORT, &cfg->transport);
	section_defaults(p, SEC_LIMITS, &cfg->limits);
	return (cfg);
}

static void
free_subsystem(struct config_subsystem *s)
{
	for (size_t i = 0; i < s->nnamespaces; i++)
		free(s->namespaces[i].path);
	for (size_t i = 0; i < s->nhosts; i++) {
		free(s->hosts[i].namespaces.nsid);
		free(s->hosts[i].read_only.nsids.nsid);
		free(s->hosts[i].addresses.prefix);
	}
	for (size_t i = 0; i < s->nana_groups; i++)
		free(s->ana_groups[i].listeners);
	free(s->namespaces);
	free(s->hosts);
	free(s->ana_groups);
}

void
config_free(struct config *cfg)
{
	if (cfg == NULL)
		return;
	for (size_t i = 0; i < cfg->nsubsystems; i++)
		free_subsystem(&cfg->subsystems[i]);
	for (size_t i = 0; i < cfg->nfiles; i++)
		free(cfg->files[i]);
	free(cfg->subsystems);
	free(cfg->listeners);
	free(cfg->discovery.referrals);
	free(cfg->service.state_dir);
	free(cfg->service.control_socket);
	free(cfg->files);
	free(cfg);
}

/* Checked as a whole only when every part is right: half a configuration gives false alarms. */
struct config *
config_finish(struct parse *p)
{
	if (p->errors->n == 0)
		config_check(p);
	if (p->errors->n == 0)
		return (p->cfg);
	config_free(p->cfg);
	return (NULL);
}

void
parse_text(struct parse *p, const char *name, const char *text, size_t len)
{
	struct node *root;
	int file = config_add_file(p->cfg, name);

	if (file == -1) {
		parse_error(p, (struct config_mark){0}, "expected at most %d files, found %s",
		    CONFIG_FILES_MAX, name);
		return;
	}
	p->file = (uint32_t)file;
	if (len > CONFIG_FILE_MAX) {
		parse_error(p, (struct config_mark){p->file, 0}, "expected at most 1 MiB");
		return;
	}
	if ((root = node_read(p, text, len)) != NULL)
		parse_top(p, root);
	node_free(root);
}

struct config *
config_parse(const char *name, const char *text, size_t len, struct config_errors *errors)
{
	struct parse p = {.errors = errors};

	errors->n = 0;
	config_new(&p);
	parse_text(&p, name, text, len);
	return (config_finish(&p));
}
