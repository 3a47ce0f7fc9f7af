// The module behind `Agent` of undici, which loads without the rest of the package (fetch, WebSocket, caches, mocks).
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';

  export = Agent;
}
