/** Every implementation of Community against the whole contract. */
import { openSqliteCommunity } from '../tracker/community/community-scene.ts';
import { conversationContract } from './community-conversation.contract.ts';
import { entranceContract } from './community-entrance.contract.ts';
import { noticesContract } from './community-notices.contract.ts';
import { safeguardsContract } from './community-safeguards.contract.ts';

entranceContract('SQLite', openSqliteCommunity);
conversationContract('SQLite', openSqliteCommunity);
noticesContract('SQLite', openSqliteCommunity);
safeguardsContract('SQLite', openSqliteCommunity);
