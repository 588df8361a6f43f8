/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters of namespaces: each lane has a row for every slot of its engine and is the only one that
 * writes there. Sums are made when somebody asks. A row outlives its namespace, so that what a
 * controller did never becomes less; it begins anew when another namespace gets the slot.
 */
#include "config.h"

#include "worker/worker.h"

static void
add_up(struct lane_stats *sum, const struct lane_stats *one)
{
	sum->reads += stat_get(&one->reads);
	sum->writes += stat_get(&one->writes);
	sum->read_units += stat_get(&one->read_units);
	sum->write_units += stat_get(&one->write_units);
}

struct lane_stats
ctrl_stats(const struct controller *c)
{
	struct lane_stats sum = { 0 };

	for (unsigned i = 0; i < c->lane->nlanes; i++) {
		const struct lane *lane = &c->lane->all[i];

		add_up(&sum, &lane->stats);
		for (unsigned file = 0; file < ENGINE_FILES; file++)
			add_up(&sum, &lane->ns_stats[file]);
	}
	return (sum);
}

struct lane_stats
ns_stats(const struct controller *c, uint32_t nsid)
{
	const struct ns *ns = ns_find(c->lane->ns, nsid);
	struct lane_stats sum = { 0 };

	for (unsigned i = 0; ns != NULL && i < c->lane->nlanes; i++)
		add_up(&sum, &c->lane->all[i].ns_stats[ns->file]);
	return (sum);
}

static void
move(uint64_t *from, uint64_t *to)
{
	stat_add(to, *from);
	__atomic_store_n(from, 0, __ATOMIC_RELAXED);
}

void
ns_stat_retire(struct lane *lane, unsigned file)
{
	struct lane_stats *from = &lane->ns_stats[file], *to = &lane->stats;

	move(&from->reads, &to->reads);
	move(&from->writes, &to->writes);
	move(&from->read_units, &to->read_units);
	move(&from->write_units, &to->write_units);
}
