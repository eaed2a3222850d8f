import { relayAccess } from '../../../agent/wiring.ts';
import { systemTimers } from '../../../net/timer-wheel.ts';
import { startDataPlane } from '../../support/data-plane.ts';

test('a relay that stops answers until its balancer has forgotten it, and takes nobody', async () => {
  const plane = await startDataPlane();
  const access = relayAccess({ timers: systemTimers, channels: 1 });
  const lingerMilliseconds = 1_000;
  const relay = await plane.relay({}, { lingerMilliseconds });
  const key = access.makeKey();
  await plane.device('pump-7', key.publicKey);
  const closed: string[] = [];
  const dial = () =>
    access.dial(
      { relay: { host: '127.0.0.1', port: relay.port }, pins: plane.pins, device: 'pump-7', key },
      { onChannel: () => undefined, onClosed: (why) => closed.push(why) },
    );
  (await dial()).end();

  const startedAt = performance.now();
  const stopped = relay.stop();
  // It is there and has the host key, which a port that nobody listens on has not; it asks to dial again.
  await expect(dial()).rejects.toMatchObject({ message: expect.not.stringContaining('ECONNREFUSED') });
  await stopped;
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(lingerMilliseconds - 50);
  await expect(dial()).rejects.toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
  await plane.stop();
});
