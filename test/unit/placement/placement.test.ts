import fc from 'fast-check';
import { agentSoftware, fairShare, isAgent, mayBeSentOn, placementOf } from '../../../core/model/placement.ts';

describe('placing devices on relays', () => {
  test.each([
    [[], 0],
    [[100], 100],
    [[100, 0], 50],
    [[150, 150, 0], 100],
    [[100, 100, 100, 100, 900], 100],
    [[10, 20, 30, 40], 25],
  ])('of %j each would hold %d', (loads, fair) => {
    expect(fairShare(loads)).toBe(fair);
  });

  test.each([
    ['alone', 500, [], { crowded: false, moving: 0 }],
    ['level', 100, [100, 100], { crowded: false, moving: 0 }],
    ['a quarter above', 125, [100, 75], { crowded: false, moving: 2 }],
    ['more than a quarter above', 127, [100, 73], { crowded: true, moving: 2 }],
    ['a new relay is empty', 150, [150, 0], { crowded: true, moving: 2 }],
    ['the new relay itself', 0, [150, 150], { crowded: false, moving: 0 }],
    ['few sessions, by chance uneven', 9, [3], { crowded: false, moving: 0 }],
    ['16,000 sessions and an empty relay', 16_000, [0], { crowded: true, moving: 160 }],
  ])('%s', (_, own, others, placement) => {
    expect(placementOf(own, others)).toEqual(placement);
  });

  test('whatever the loads: the lightest relay is never crowded, and nobody lets go of more than is too much', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20_000), { minLength: 1, maxLength: 30 }), (loads) => {
        const [own = 0, ...others] = [...loads].sort((one, other) => one - other);
        expect(placementOf(own, others)).toEqual({ crowded: false, moving: 0 });
        const most = Math.max(...loads);
        const { moving } = placementOf(most, [...loads].sort((one, other) => other - one).slice(1));
        expect(most - moving).toBeGreaterThanOrEqual(fairShare(loads));
      }),
    );
  });

  test('only our agent is sent on, and not when it insists', () => {
    expect(mayBeSentOn(agentSoftware('1.2.3', false))).toBe(true);
    expect(mayBeSentOn(agentSoftware('1.2.3', true))).toBe(false);
    expect(isAgent(agentSoftware('1.2.3', true))).toBe(true);
    expect(mayBeSentOn('OpenSSH_9.2p1')).toBe(false);
    expect(mayBeSentOn('dropbear_2022.83')).toBe(false);
  });
});
