/** The sample records of the published contract, for the specs of everything above the store. */
export * from '../../lib/store/contract/samples';
