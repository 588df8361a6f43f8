/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log page 02h, SMART / Health: counters of this controller since its Connect, or of what it did to
 * one of its namespaces, and what failed commands say about the media. What a target cannot know of
 * a disk is left at what tools read as "not reported" or as no reason for alarm: temperature 0 K,
 * spare 100 % with a threshold of 0.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

#define WARN_RELIABILITY 0x04u		/* Critical Warning */
#define WARN_READ_ONLY	 0x08u

static void
tell(struct mail *m)
{
	health_tell(m->arg);
}

void
health_init(struct controller *c)
{
	c->health_word = (struct mail){ .deliver = tell, .arg = c };
}

void
health_begin(struct controller *c, unsigned file)
{
	pthread_mutex_lock(&c->error_lock);
	c->health.media_errors[file] = 0;
	pthread_mutex_unlock(&c->error_lock);
}

/* Media and data integrity errors; not what a Compare found, and nothing that was denied. */
static bool
is_media_error(uint16_t status)
{
	uint16_t sc = status & NVME_SC_MASK;

	return (sc >= NVME_SC_WRITE_FAULT && sc < NVME_SC_COMPARE_FAILURE);
}

/* The device refuses writes although nobody said that it is read-only. */
static bool
is_refusal(const struct ns *ns, uint16_t status)
{
	return ((status & NVME_SC_MASK) == NVME_SC_NS_WRITE_PROTECTED && !ns_is_protected(ns));
}

static bool
is_failed(const struct controller *c, const struct ns *ns)
{
	return (!ns_is_protected(ns) && (c->health.read_only[ns->file / 8] & 1u << ns->file % 8) != 0);
}

/* All that could be written cannot any more. A namespace that shall be read-only says nothing. */
static bool
all_failed(const struct controller *c, struct ns_table *table)
{
	bool any = false;

	for (const struct ns *ns = ns_after(table, 0); ns != NULL;
	    ns = ns_after(table, ns->id.nsid)) {
		if (ns_is_protected(ns))
			continue;
		if (!is_failed(c, ns))
			return (false);
		any = true;
	}
	return (any);
}

bool
health_note(struct controller *c, const struct slot *s, uint16_t status)
{
	struct health *h = &c->health;
	const struct ns *ns = s->qp->qid == 0 ? NULL : ns_find(s->qp->lane->ns, s->cmd.nsid);
	uint8_t now = 0;

	if (is_media_error(status)) {
		c->media_errors++;
		if (ns != NULL)		/* a Flush of all of them has none */
			h->media_errors[ns->file]++;
		now |= WARN_RELIABILITY;
	}
	if (ns != NULL && is_refusal(ns, status)) {
		h->read_only[ns->file / 8] |= (uint8_t)(1u << ns->file % 8);
		if (all_failed(c, s->qp->lane->ns))
			now |= WARN_READ_ONLY;
	}
	h->news |= now & ~h->warning;
	h->warning |= now;
	if (h->news == 0 || c->health_away)
		return (false);
	c->health_away = true;
	return (true);
}

/* The broker has said anew what this namespace is. */
void
health_forget(struct controller *c, const struct ns *ns)
{
	pthread_mutex_lock(&c->error_lock);
	c->health.read_only[ns->file / 8] &= (uint8_t)~(1u << ns->file % 8);
	c->health.warning &= (uint8_t)~WARN_READ_ONLY;
	pthread_mutex_unlock(&c->error_lock);
}

void
health_tell(struct controller *c)
{
	uint8_t news;

	pthread_mutex_lock(&c->error_lock);
	news = c->health.news;
	c->health.news = 0;
	c->health_away = false;
	pthread_mutex_unlock(&c->error_lock);
	if ((news & c->aec) != 0)
		aer_event(c, AER_EVENT_HEALTH);
}

void
health_listen(struct controller *c, uint8_t warnings)
{
	pthread_mutex_lock(&c->error_lock);
	warnings &= c->health.warning;
	pthread_mutex_unlock(&c->error_lock);
	if (warnings != 0)
		aer_event(c, AER_EVENT_HEALTH);
}

/* The media of one namespace, or of all. */
uint8_t
health_warning(struct controller *c, uint32_t nsid)
{
	const struct ns *ns = ns_find(c->lane->ns, nsid);
	uint8_t warning = c->health.warning & ~WARN_READ_ONLY;

	if (ns != NULL ? is_failed(c, ns) : all_failed(c, c->lane->ns))
		warning |= WARN_READ_ONLY;
	return (warning);
}

/* ---- log 02h ---- */

static struct le128
le128(uint64_t v)
{
	return ((struct le128){ .lo = le64(v) });
}

static void
fill_health(struct slot *s, void *page)
{
	struct controller *c = s->qp->ctrl;
	struct nvme_smart_log *log = page;
	const struct ns *ns = ns_find(c->lane->ns, s->cmd.nsid);
	struct lane_stats sum = ns != NULL ? ns_stats(c, s->cmd.nsid) : ctrl_stats(c);

	log->available_spare = 100;
	log->data_units_read = le128((sum.read_units + 999) / 1000);
	log->data_units_written = le128((sum.write_units + 999) / 1000);
	log->host_read_commands = le128(sum.reads);
	log->host_write_commands = le128(sum.writes);
	log->power_cycles = le128(1);
	log->power_on_hours = le128((mono_ms() / 60000 - c->minutes_since) / 60);
	pthread_mutex_lock(&c->error_lock);
	log->critical_warning = health_warning(c, s->cmd.nsid);
	log->media_errors = le128(ns != NULL ? c->health.media_errors[ns->file] : c->media_errors);
	log->error_log_entries = le128(c->nerrors);
	pthread_mutex_unlock(&c->error_lock);
}

const struct log log_health = {
	.lid = NVME_LID_SMART, .where = LOG_IO, .per_ns = true,
	.size = sizeof(struct nvme_smart_log), .fill = fill_health,
};
