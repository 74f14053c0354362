// How many windows of this browser follow the events by a stream at once.
//
// Over HTTP/1.1 a browser has six connections for an origin and all its windows together, and each
// stream keeps one for good: six streams, and nothing else is answered in any window. So a stream
// needs one of a few places, which are locks that the windows share; the others ask for the events.

const PLACES = 3;

/**
 * Return what gives the place back, or `null` where all are taken.
 *
 * Browsers have locks on https and on the machine itself only; elsewhere there is always a place,
 * and a window that gets no answers gives its stream up.
 */
export async function takePlace() {
  if (!navigator.locks) return () => {};
  for (let place = 0; place < PLACES; place += 1) {
    const giveBack = await taken(`stream ${place}`);
    if (giveBack) return giveBack;
  }
  return null;
}

function taken(name) {
  return new Promise((resolve) => {
    // The lock is held until the promise that its holder returned is kept.
    const hold = (lock) => (lock ? new Promise((giveBack) => resolve(giveBack)) : resolve(null));
    navigator.locks.request(name, { ifAvailable: true }, hold).catch(() => resolve(null));
  });
}
