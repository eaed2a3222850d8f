import type { Tunnel } from '../model/tunnel.ts';
import type { OperatorMessages } from '../ports/operator-messages.ts';
import { tunnelView } from '../wire/tunnel-view.ts';

/** What an operator would see change. A new take of an open tunnel is not among it, its new server id is. */
const shown = (tunnel: Tunnel): string => {
  const { state, reason, endsAt, allow, holder, confirmed } = tunnel;
  return JSON.stringify([state, reason, endsAt, allow, holder?.serverId, confirmed]);
};

/**
 * Tells a tunnel's operator of a change that they would see; `false` when there was none. The view is the row after the
 * change, of its own time: a late one does not say what is now, only what was.
 */
export const tellOperator = async (
  ports: { readonly operatorMessages: OperatorMessages; readonly domain: string },
  change: { readonly before: Tunnel | undefined; readonly after: Tunnel; readonly at: number },
): Promise<boolean> => {
  const { before, after, at } = change;
  if (before !== undefined && shown(before) === shown(after)) return false;
  await ports.operatorMessages.publish(after.operator, {
    v: 1,
    type: 'tunnel',
    at: new Date(at).toISOString(),
    tunnel: tunnelView(after, ports.domain, at),
  });
  return true;
};
