/* ops_channel: channels as the ends of rivers, for rows that other threads or tasks make or want.
 */
#ifndef NGI_OPS_CHANNEL_H
#define NGI_OPS_CHANNEL_H

#include "channel.h"
#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Sets every column of a row from an item: NG_OK, or below 0: it is bad, and the river ends. Where
 * a text does not fit it may answer what ng_set_text said, and is asked again with more room. */
typedef ng_status ng_unpack_fn(const void *item, ng_row out, void *ctx);

/* The items of a channel, one a row. The channel was made without a reader, and is kept, as `loop`
 * is, in which the graph will run. When the river is cancelled the channel is closed. */
ng_river ng_from_channel(ng_graph *graph, const ng_schema *schema, ng_channel *channel,
                         ng_loop *loop, ng_unpack_fn *unpack, void *ctx);

/* Makes an item of a row: NG_OK, or below 0: the row is bad. Called again for a row for which the
 * channel had no room. */
typedef ng_status ng_pack_fn(ng_row row, void *item, void *ctx);

/* Sends each row into a channel, and waits where it is full. With `close` the end of the river, and
 * its failure, close the channel. `wait` is the caller's, all zeros, and lives as long as the
 * channel. A channel that was closed by its receiver cancels the river. */
ng_river ng_to_channel(ng_river river, ng_channel *channel, ng_channel_wait *wait, ng_loop *loop,
                       ng_pack_fn *pack, void *ctx, bool close);

#if defined(__cplusplus)
}
#endif

#endif
