/* lane: a river that goes on in another graph, in another loop, and so perhaps in another thread.
 *
 * One graph ends a river in a lane, another begins one with it. Batches are handed over without
 * copying them or taking a lock. What is under way is bounded by the options, and that counts until
 * the other graph has let go of it; so the blocks of the first graph suffice.
 *
 *     ng_to_lane(ng_filter(ng_range(&first, 0, 1000000, 1), even, NULL), &lane, &first_loop);
 *     ng_observe(ng_from_lane(&second, &lane, &second_loop), print, NULL);
 *
 * Ends and errors go down a lane, cancelling goes up. */
#ifndef NGI_LANE_H
#define NGI_LANE_H

#include "graph.h"
#include "loop.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* One side's way of being told. */
typedef struct ngi_lane_side {
    ngi_bell bell;
    ng_river river;
} ngi_lane_side;

/* A batch under way. Its block stands for that of the sender. */
typedef struct ngi_parcel {
    ng_block block;
    ng_batch batch;
    struct ng_lane *lane;
} ngi_parcel;

/* All fields are private. */
typedef struct ng_lane {
    const ng_schema *schema;
    ng_link link;
    ngi_parcel *parcels;
    ngi_parcel *idle;   /* of the sender */
    ng_block *returned; /* atomic: what came back since */
    ngi_lane_side sender, taker;
} ng_lane;

/* How many bytes a lane needs; 0: the options are not allowed. Its policy is to block. Any thread.
 */
size_t ng_lane_size(const ng_link_options *options);

/* Starts a lane for rows of a schema. Kept: `schema`, and `memory`, of ng_lane_size bytes, aligned
 * to 64. NG_INVALID: something is NULL or not allowed. Before both graphs are built. */
NG_NODISCARD ng_status ng_lane_init(ng_lane *lane, const ng_link_options *options,
                                    const ng_schema *schema, void *memory);

/* Ends a river in the lane. `loop` is where this graph will run. Refused with NG_MISMATCH if the
 * columns are others, with NG_MISUSED if another river ends here. */
ng_river ng_to_lane(ng_river river, ng_lane *lane, ng_loop *loop);

/* Begins a river with what comes through the lane. `loop` is where this graph will run. Refused
 * with NG_MISUSED if another river begins here. */
ng_river ng_from_lane(ng_graph *graph, ng_lane *lane, ng_loop *loop);

/* Lets go of what is still under way. Once both graphs have ended or are not run any more, and
 * before the first one is closed; the second one has to be closed by then. */
void ng_lane_close(ng_lane *lane);

#if defined(__cplusplus)
}
#endif

#endif
